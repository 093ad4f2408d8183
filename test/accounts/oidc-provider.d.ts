/** What the package has no types for: as much of it as the tests use. */
declare module "oidc-provider" {
	import type { IncomingMessage, ServerResponse } from "node:http";

	export class Provider {
		constructor(issuer: string, configuration: object);
		callback(): (req: IncomingMessage, res: ServerResponse) => void;
	}
}
