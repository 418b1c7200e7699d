"""Who carries at a relay: headquarters' tokens as they pass by, and the relay's own meanwhile."""

import json
import secrets
from collections.abc import Callable
from typing import Any

from observer.store.carriers import Carriers
from sync.clock import Clock
from sync.errors import BadRequest, NotReached, SignedOut
from sync.http import HttpTransport, HubRefused
from sync.invitation import TOKEN_KEYS, read_signed
from sync.keys import PublicKeys, fingerprint
from sync.log import Device, Log
from sync.trust import believe, check_device


class Desk:
    """Passes enrolments and sign-ins on, and knows devices by their tokens.

    :param mission: the relay's mission
    """

    def __init__(self, log: Log, carriers: Carriers, mission: str, now: Clock) -> None:
        self.log = log
        self.carriers = carriers
        self.mission = mission
        self.now = now
        self.keys = PublicKeys()

    def pass_on(self, hub: HttpTransport, call: str, body: dict[str, Any]) -> dict[str, Any]:
        """Carry an enrolment, renewal or sign-in to headquarters, and remember the token.

        :raises HubRefused: headquarters' own refusal
        :raises NotReached: there is no way to it, and the relay cannot answer itself
        """
        try:
            answer = hub.post(call, body)
        except NotReached:
            if call != "token":
                raise
            return self._sign_in_here(body)
        # Devices are on record here at once, so that what they bring next can be checked.
        believe(self.log, self.mission, list(answer.get("changes", ())), self.now)
        device = _named(body, "successor" if call == "renew" else "device")
        self.carriers.keep(str(answer["token"]), device)
        return answer

    def _sign_in_here(self, body: dict[str, Any]) -> dict[str, Any]:
        document, payload, signature = read_signed(body, TOKEN_KEYS)
        device = check_device(self.log.device(document["device"]), self.now())
        self.keys.check(device.public_key, "token", payload, signature)
        hub = fingerprint(self.log.meta("hub_key") or "")
        if document["aud"] != hub or document["mission"] != self.mission:
            raise SignedOut("This sign-in is for another headquarters.")
        if not self.carriers.use_nonce(device.device, document["nonce"]):
            raise SignedOut("This sign-in was used before. Sign in again.")
        token = secrets.token_urlsafe(32)
        self.carriers.keep(token, device.device)
        return {"ok": True, "token": token}

    def carrier(self, authorization: str) -> tuple[Device, str]:
        """The device of a bearer and its token.

        :raises SignedOut: no token, or one that is not known or has run out
        :raises DeviceRevoked: headquarters revoked it
        """
        scheme, _, token = authorization.partition(" ")
        device = self.carriers.device(token.strip()) if scheme.lower() == "bearer" else None
        if device is None:
            raise SignedOut("The device is not signed in, or no longer. It signs in with its key.")
        return check_device(self.log.device(device), self.now()), token.strip()

    def ask(self, hub: HttpTransport, token: str, call: str, **query: str) -> dict[str, Any]:
        """GET a call of headquarters for a device, with its own token."""
        return self._with(hub, token, lambda: hub.get(call, **query))

    def tell(
        self, hub: HttpTransport, token: str, call: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        """POST a call of headquarters for a device, with its own token."""
        return self._with(hub, token, lambda: hub.post(call, body))

    def _with(
        self, hub: HttpTransport, token: str, call: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        hub.token = token
        try:
            return call()
        except HubRefused as error:
            if error.code == SignedOut.code:
                # Given out here, or lost there: the device signs in again.
                self.carriers.forget(token)
            raise


def _named(body: dict[str, Any], name: str) -> str:
    try:
        return str(json.loads(body["payload"])[name])
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequest("The signed text does not name its device.") from error
