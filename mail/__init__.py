"""Mail: subscriptions, confirmations, issues, messages, transports and bounces."""
