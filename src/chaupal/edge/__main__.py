"""Run the edge: `python -m chaupal.edge`, until told to stop."""

import asyncio

import uvloop

from chaupal import world
from chaupal.arrivals import log as arrivals_log
from chaupal.edge.app import Edge
from chaupal.edge.server import serve
from chaupal.kit import log


async def main() -> None:
    """Serve with the settings of the environment."""
    settings = world.settings()
    log.configure(settings.log_level)
    stop = world.stop_when_told()
    async with world.opened(settings) as rt:
        await arrivals_log.prepare(rt.nats)
        edge = Edge(rt)
        counting = asyncio.create_task(edge.count(stop))
        await serve(edge, settings.host, settings.edge_port, stop)
        await counting


if __name__ == "__main__":
    uvloop.run(main())
