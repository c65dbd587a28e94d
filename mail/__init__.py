"""Mail: subscriptions, confirmations, issues, messages, transports, bounces."""
