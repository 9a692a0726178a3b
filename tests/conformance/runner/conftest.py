from scripted_peer import answer, start

__all__ = ["answer", "start"]
