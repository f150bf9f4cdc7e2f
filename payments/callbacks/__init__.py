"""What providers tell us by themselves: kept raw, believed as far as a signature goes, worked later as hints."""
