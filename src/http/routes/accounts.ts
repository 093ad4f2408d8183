/** The routes of users and tokens. */
import {
	answerToken,
	answerTokenCreation,
	answerTokenRevocation,
	answerTokenRotation,
	answerTokens,
} from "../handlers/accounts/tokens.ts";
import {
	answerCurrentUser,
	answerPasswordChange,
	answerPasswordReset,
	answerUser,
	answerUserCreation,
	answerUserDeletion,
	answerUsers,
	answerUserUpdate,
	setDisabled,
} from "../handlers/accounts/users.ts";
import type { RouteRow } from "./route.ts";

// biome-ignore format: a table is read by its columns
export const ACCOUNT_ROUTES: readonly RouteRow[] = [
	["GET", "/users", "administer", "cold", answerUsers],
	["POST", "/users", "administer", "cold", answerUserCreation],
	["GET", "/users/", "administer", "cold", answerUsers],
	["POST", "/users/", "administer", "cold", answerUserCreation],
	// Before the route that would take it for a login.
	["GET", "/users/$current", "authenticated", "cold", answerCurrentUser],
	["GET", "/users/%24current", "authenticated", "cold", answerCurrentUser],
	["GET", "/users/:id", "administer", "cold", answerUser],
	["PUT", "/users/:id", "administer", "cold", answerUserUpdate],
	["DELETE", "/users/:id", "administer", "cold", answerUserDeletion],
	["POST", "/users/:id/command/enable", "administer", "cold", setDisabled(false)],
	["POST", "/users/:id/command/disable", "administer", "cold", setDisabled(true)],
	["POST", "/users/:id/command/reset-password", "administer", "cold", answerPasswordReset],
	["POST", "/users/:id/command/change-password", "authenticated", "cold", answerPasswordChange],
	["GET", "/tokens", "authenticated", "cold", answerTokens],
	["POST", "/tokens", "authenticated", "cold", answerTokenCreation],
	["GET", "/tokens/:id", "authenticated", "cold", answerToken],
	["DELETE", "/tokens/:id", "authenticated", "cold", answerTokenRevocation],
	["POST", "/tokens/:id/command/rotate", "authenticated", "cold", answerTokenRotation],
];
