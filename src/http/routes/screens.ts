/** The routes that only people use: the admin UI and its login. */
import { answerFile, answerForm, answerLogin, answerWeb } from "../handlers/screens.ts";
import type { RouteRow } from "./route.ts";

// biome-ignore format: a table is read by its columns
export const SCREEN_ROUTES: readonly RouteRow[] = [
	// Where users of EventStore look for its admin UI.
	["GET", "/web", "anyone", "cold", answerWeb],
	["GET", "/web/index.html", "anyone", "cold", answerWeb],
	// Before the route that would take it for the name of a file.
	["POST", "/ui/operations", "operate", "cold", answerForm],
	["POST", "/ui/subscriptions", "operate", "cold", answerForm],
	["POST", "/ui/webhooks", "authenticated", "cold", answerForm],
	["POST", "/ui/hub", "operate", "cold", answerForm],
	["GET", "/login", "anyone", "cold", answerLogin],
	["POST", "/login", "anyone", "cold", answerLogin],
	["GET", "/login/oidc", "anyone", "cold", answerLogin],
	["GET", "/login/callback", "anyone", "cold", answerLogin],
	["POST", "/logout", "anyone", "cold", answerLogin],
	["GET", "/ui/*file", "anyone", "cold", answerFile],
];
