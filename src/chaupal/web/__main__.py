"""Run the web door: `python -m chaupal.web`, until told to stop."""

import uvloop

from chaupal import world
from chaupal.kit import log
from chaupal.web.server import listen, serve


async def main() -> None:
    """Serve with the settings of the environment."""
    settings = world.settings()
    log.configure(settings.log_level)
    stop = world.stop_when_told()
    async with world.opened(settings) as rt:
        listening = listen(settings.host, settings.web_port)
        await serve(rt, listening, stop, trusted_proxies=settings.trusted_proxies)


if __name__ == "__main__":
    uvloop.run(main())
