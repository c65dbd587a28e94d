"""The command ``papertide``, as ``python -m papertide``."""

from service.cli.main import main

if __name__ == "__main__":
    main()
