"""What a recorder keeps of each camera, judged from its own index. Pure: no network, no clock of its own."""
