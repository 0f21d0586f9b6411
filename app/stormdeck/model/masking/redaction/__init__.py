"""What leaves this machine in a bug report: secrets, people and places taken out, log lines cut to their structure."""
