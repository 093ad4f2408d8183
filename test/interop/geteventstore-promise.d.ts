/** What the package has no types for: its parts, as they are built. */
declare module "geteventstore-promise/dist/httpClient/index.js" {
	import type { HTTPClient } from "geteventstore-promise";

	const client: typeof HTTPClient;
	export default client;
}

declare module "geteventstore-promise/dist/EventFactory.js" {
	import type { EventFactory } from "geteventstore-promise";

	const factory: new () => EventFactory;
	export default factory;
}
