"""From drawn pictures to H.264: scenery encoded once and kept, the strip with the clock encoded as it is shown."""
