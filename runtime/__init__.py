"""What a run needs: settings, the application context, leases, files."""
