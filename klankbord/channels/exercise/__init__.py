"""A network that is not there: replays a scenario, so that people can try and practise."""
