/**
 * Every route of the API: method, path, the right it takes, whether it is hot, its handler, and the
 * stream of its requests if no segment of the path is its name. The rows stand in `routes/`, a file
 * for each part of the API. Both lanes of the front door are made from this table.
 *
 * A path's segments are matched as they are written, and each is percent-decoded once, so `%2F` can
 * be part of a stream's name. Of several paths that match, the first in the table answers, with all
 * of its methods: the rows of one path stand together. HEAD goes where GET goes.
 */

import { ACCOUNT_ROUTES } from "./routes/accounts.ts";
import { PROJECTION_ROUTES } from "./routes/projections.ts";
import { PUSH_ROUTES } from "./routes/push.ts";
import { READER_ROUTES } from "./routes/readers.ts";
import type { Route } from "./routes/route.ts";
import { SCREEN_ROUTES } from "./routes/screens.ts";
import { SERVER_ROUTES } from "./routes/server.ts";
import { STREAM_ROUTES } from "./routes/streams.ts";
import { SUBSCRIPTION_ROUTES } from "./routes/subscriptions.ts";

export type { Method, Route, RouteHandler, SegmentName, Target } from "./routes/route.ts";

const TABLE = [
	...SERVER_ROUTES,
	...ACCOUNT_ROUTES,
	...SUBSCRIPTION_ROUTES,
	...READER_ROUTES,
	...PROJECTION_ROUTES,
	...PUSH_ROUTES,
	...SCREEN_ROUTES,
	...STREAM_ROUTES,
];

export const ROUTES: readonly Route[] = TABLE.map(([method, path, right, heat, handle, stream]) => {
	return { method, path, right, stream, isHot: heat === "hot", handle };
});
