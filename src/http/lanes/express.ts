/**
 * The long way, for every request: Express finds the resource of a path, or says why there is none.
 */
import express, { type Express, type Request } from "express";
import { Refusal } from "../../errors.ts";
import type { SegmentName, Target } from "../routes.ts";
import { UNESCAPED } from "../urls.ts";
import type { Door } from "./door.ts";
import type { Resource } from "./resources.ts";

export function createExpressLane(door: Door, resources: readonly Resource[]): Express {
	const app = express();
	app.disable("x-powered-by");
	app.disable("etag");
	app.enable("case sensitive routing");
	app.enable("strict routing");

	app.use((req, res, next) => {
		if (!UNESCAPED.test(req.url)) return next();
		door.refuse(req, res, malformedUrl("It holds a byte that has to be percent-encoded."));
	});
	for (const resource of resources) {
		// Not `app.all`: that makes a layer for each of the methods that Node.js knows.
		app
			.route(resource.path)
			.all((req, res) => door.take(req, res, { resource, target: targetOf(req, resource) }));
	}
	app.use((req, res) => {
		door.refuse(req, res, new Refusal("route-not-found", { path: req.path.slice(0, 256) }));
	});
	// Four parameters make it an error handler to Express; it gets what failed before a handler ran.
	app.use((error: unknown, req: Request, res: express.Response, _next: express.NextFunction) => {
		const isEscape = error instanceof URIError;
		const reason = "A %-sequence in the path is not valid UTF-8.";
		door.refuse(req, res, isEscape ? malformedUrl(reason) : error);
	});
	return app;
}

function targetOf({ params, url }: Request, resource: Resource): Target {
	const mark = url.indexOf("?");
	const segment = (name: SegmentName) => {
		const found = params[name] ?? "";
		// A wildcard has several.
		return Array.isArray(found) ? found.join("/") : found;
	};
	return {
		query: mark < 0 ? "" : url.slice(mark + 1),
		// A function, since `$` in a plain replacement would have a meaning.
		stream: resource.stream?.replace(":id", () => segment("id")) ?? segment("stream"),
		group: segment("group"),
		from: segment("from"),
		count: segment("count"),
		id: segment("id"),
		time: segment("time"),
		tile: segment("tile"),
		file: segment("file"),
		path: segment("path"),
	};
}

function malformedUrl(reason: string): Refusal {
	return new Refusal("malformed-url", { reason });
}
