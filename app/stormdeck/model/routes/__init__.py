"""Where a proxy sends each model id: its model groups, their servers, and the tiers that lead to them."""
