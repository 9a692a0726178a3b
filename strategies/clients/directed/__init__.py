"""The directed programs for clients, in the order in which they run."""

from typing import Final

from reference_model.client.program import ClientProgram
from strategies.clients.directed.acks import acks
from strategies.clients.directed.again import again
from strategies.clients.directed.errors import errors
from strategies.clients.directed.life import life
from strategies.clients.directed.losses import losses
from strategies.clients.directed.queries import queries
from strategies.clients.directed.routing import routing
from strategies.clients.directed.texts import texts

CLIENT_PROGRAMS: Final[tuple[ClientProgram, ...]] = (
    *life.programs,
    *acks.programs,
    *routing.programs,
    *queries.programs,
    *errors.programs,
    *texts.programs,
    *losses.programs,
    *again.programs,
)
