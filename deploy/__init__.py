"""What a container needs beside the product."""
