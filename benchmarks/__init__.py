"""What Papertide measures about itself; each module is one command."""
