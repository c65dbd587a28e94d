"""The command ``papertide``, also as ``python -m papertide``."""

import sys

from papertide.package_conflicts import room_conflict


def main() -> None:
    """Start the command line, unless another distribution owns a room's name."""
    if conflict := room_conflict():
        print(f"papertide: {conflict}", file=sys.stderr)  # noqa: T201 - the room that prints may be the one in conflict
        sys.exit(1)
    # Only now is it certain that `service` is ours.
    from service.cli.main import main as command_line

    command_line()


if __name__ == "__main__":
    main()
