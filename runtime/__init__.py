"""What every run needs: settings, the application context, leases and files."""
