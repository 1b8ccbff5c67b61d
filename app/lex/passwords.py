"""Passwords of the planning servers: in the operating system's store, or nowhere.

Without such a store the password is asked each time; it is never written to a file.
"""

# ruff: noqa: PLC0415  (keyring looks for its stores when imported, which takes a moment)

from app.lex.servers import Server
from core.errors import RemedyError

SERVICE = "EQS Workstation planning server"
NO_STORE = "This computer has no password store, so the password is asked each time."
# keyring gives the stores of the operating systems 1 or more; below stand files and no-ops.
_LEAST_PRIORITY = 1


def has_store() -> bool:
    """Return whether the operating system keeps passwords."""
    import keyring

    try:
        return float(keyring.get_keyring().priority) >= _LEAST_PRIORITY
    except Exception:  # noqa: BLE001  (a broken store raises what it likes; it is as good as none)
        return False


def stored_password(server: Server) -> str | None:
    """Return the password that is kept for a server; None when none is, or it stays locked."""
    import keyring
    from keyring.errors import KeyringError

    if not has_store():
        return None
    try:
        return keyring.get_password(SERVICE, _account(server))
    except KeyringError:
        return None


def keep_password(server: Server, password: str) -> None:
    """Keep the password of a server in the store.

    Raises:
        RemedyError: There is no store, or it refuses.

    """
    import keyring
    from keyring.errors import KeyringError

    if not has_store():
        raise RemedyError(NO_STORE.rstrip("."), where=server.words, remedy="Enter it each time.")
    try:
        keyring.set_password(SERVICE, _account(server), password)
    except KeyringError as fault:
        raise RemedyError(
            f"the password store refuses: {fault}",
            where=server.words,
            remedy="Unlock it, or enter the password each time.",
        ) from fault


def forget_password(server: Server) -> None:
    """Remove the password of a server from the store, if it is there."""
    import keyring
    from keyring.errors import KeyringError

    if not has_store():
        return
    try:
        keyring.delete_password(SERVICE, _account(server))
    except KeyringError:
        return


def _account(server: Server) -> str:
    return f"{server.name} {server.user}"
