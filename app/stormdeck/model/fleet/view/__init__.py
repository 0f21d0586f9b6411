"""List a fleet for its screen: sort and filter rows, judge each, and say what is wrong with the answers."""
