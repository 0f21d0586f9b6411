"""What a secret is, and how a text looks without it. Everything that is drawn, printed, copied or stored uses this."""
