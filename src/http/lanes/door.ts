/**
 * The one way of every request, whichever lane recognised it:
 *
 *     fast lane ──┐
 *     Express ────┼─▶ route match ─▶ method allowed? ─▶ who is it? ─▶ may they?
 *     memory ─────┘                                                      │
 *                                                                        ▼
 *                       the handler ◀─ ES-MinPosition ◀─ known by its words?
 *                            │                                   │
 *                            └─────────────▶ answer ◀────────────┘
 *
 * The steps of every request belong here, and nowhere else: a right, a count, an id.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ANONYMOUS, ANYONE_AS_ADMIN, type Principal } from "../../access/principal.ts";
import { neededFor } from "../../access/rights.ts";
import { Refusal } from "../../errors.ts";
import { RunningRequest } from "../../observe/numbers/requests.ts";
import type { Answer } from "../answering/answer.ts";
import { type Cors, type CorsOf, corsForOrigin, PREFLIGHT } from "../answering/cors.ts";
import { type Exchange, type Handler, respond } from "../answering/exchange.ts";
import { guarded, mayBeShown } from "../answering/screens/guard.ts";
import { showScreen, submitForm, takesForms } from "../answering/screens/show.ts";
import { refusePlainCredentials } from "../authentication/secrecy.ts";
import { afterMinPosition } from "../conditions/min-position.ts";
import type { Context } from "../context.ts";
import { refuseMisspelt } from "../request/misspelt.ts";
import { OriginRules } from "../request/origin.ts";
import type { Route } from "../routes.ts";
import { auditRead, withAudit } from "./audited.ts";
import { isForLeader, refuseFollower } from "./leaders.ts";
import { RememberedRequests } from "./remembered.ts";
import { corsFor, type Resource, type RouteMatch } from "./resources.ts";

export class Door {
	readonly #context: Context;
	/** The CORS headers of answers that no route gave. */
	readonly #noRoute: Cors;
	readonly #remembered = new RememberedRequests();
	readonly #origins: OriginRules;

	constructor(context: Context, corsOf: CorsOf) {
		this.#context = context;
		this.#origins = new OriginRules(context.settings);
		this.#noRoute = corsOf("");
	}

	/** The match of an earlier request in the very same words. */
	recall(req: IncomingMessage): RouteMatch | undefined {
		return this.#remembered.get(req);
	}

	/** Answers a request whose URL is in the table of routes. */
	take(req: IncomingMessage, res: ServerResponse, match: RouteMatch): void {
		const route = match.resource.routes.get(req.method ?? "");
		const cors = corsForOrigin(corsFor(match), req);
		const answer: Handler = (exchange) => this.#answer(exchange, match, route);
		const { settings } = this.#context;
		const handle: Handler = mayBeShown(req)
			? (exchange) => guarded(answer(exchange), settings)
			: answer;
		this.#serve(req, res, { cors, route }, handle);
	}

	/** Answers a request whose URL is not in it, or that cannot be read. */
	refuse(req: IncomingMessage, res: ServerResponse, error: unknown): void {
		const cors = corsForOrigin(this.#noRoute, req);
		this.#serve(req, res, { cors, route: undefined }, () => {
			throw error;
		});
	}

	/** Every request comes through here once: count it here, or give it an id. */
	#serve(
		req: IncomingMessage,
		res: ServerResponse,
		{ cors, route }: { readonly cors: Cors; readonly route: Route | undefined },
		handle: Handler,
	): void {
		const { requests, requestNumbers, tracing } = this.#context;
		if (requests.isOn) requests.begin(req, res);
		const numbers = requestNumbers.of(route);
		const running = new RunningRequest(numbers, tracing()?.begin(req, numbers.route));
		// Written out: a spread takes longer than all else here.
		const exchange: Exchange = {
			context: this.#context,
			req,
			res,
			cors,
			running,
			principal: ANONYMOUS,
			isAnonymousIn: false,
			recall: undefined,
		};
		respond(exchange, handle);
	}

	#answer(exchange: Exchange, match: RouteMatch, route: Route | undefined): ReturnType<Handler> {
		const { req } = exchange;
		// A request in remembered words has the host of one that passed.
		if (match.recall === undefined) this.#origins.checkHost(req);
		refusePlainCredentials(req, this.#context.settings);
		if (route === undefined) return answerWithoutRoute(match.resource, req.method ?? "");
		// Health checks wait for no login. A page says who is logged in, even if anyone may see it.
		const isAsked = req.headers.cookie !== undefined && req.headers.authorization === undefined;
		if (route.right === "anyone" && !isAsked) {
			exchange.isAnonymousIn = true;
			return this.#handle(exchange, match, route);
		}
		const found = this.#context.authenticator.principalOf(req);
		if (!(found instanceof Promise)) return this.#enter(exchange, match, route, found);
		return found.then((principal) => this.#enter(exchange, match, route, principal));
	}

	/** Before any condition, since a 304 is an answer, too. */
	#enter(
		exchange: Exchange,
		match: RouteMatch,
		route: Route,
		found: Principal,
	): ReturnType<Handler> {
		const isForAnyone = route.right === "anyone";
		exchange.isAnonymousIn = isForAnyone || this.#origins.letsInAnonymous(exchange.req);
		const isStranger = found === ANONYMOUS && !isForAnyone;
		const principal = isStranger ? this.#anonymous(exchange) : found;
		exchange.principal = principal;
		const needed = match.needed ?? neededFor(route, match.target);
		const permitted = this.#context.access.permit(principal, needed);
		if (permitted === undefined) return this.#handle(exchange, match, route);
		return permitted.then(() => this.#handle(exchange, match, route));
	}

	/** @throws Refusal `unauthorized` if clients without credentials are not let in */
	#anonymous({ isAnonymousIn }: Exchange): Principal {
		if (!isAnonymousIn) throw new Refusal("unauthorized", { cause: "anonymous-off" });
		return this.#context.settings.insecure ? ANYONE_AS_ADMIN : ANONYMOUS;
	}

	#handle(
		exchange: Exchange,
		{ resource, target, recall }: RouteMatch,
		route: Route,
	): ReturnType<Handler> {
		const { req } = exchange;
		if (isForLeader(route)) refuseFollower(this.#context.leadership);
		if (exchange.principal.isAdmin) auditRead(exchange, neededFor(route, target));
		const known = recall?.(exchange);
		if (known) return known;
		if (route.method !== "GET") {
			this.#origins.checkWrite(req, takesForms(resource.path));
			const done = submitForm(exchange, resource.path, target);
			if (done) return done;
			refuseMisspelt(req, target.query);
			const { method, path } = route;
			const audited = { method, path, needed: neededFor(route, target), target };
			return withAudit(exchange, audited, () => route.handle(exchange, target));
		}
		const screen = showScreen(exchange, resource.path, target);
		if (!screen) return this.#read(exchange, { resource, target }, route);
		return screen.then((shown) => shown ?? this.#read(exchange, { resource, target }, route));
	}

	#read(exchange: Exchange, { resource, target }: RouteMatch, route: Route): ReturnType<Handler> {
		const { req } = exchange;
		const answer = afterMinPosition(exchange, () => route.handle(exchange, target));
		if (exchange.recall && req.method === "GET") {
			const needed = neededFor(route, target);
			this.#remembered.set(req, { resource, target, needed, recall: exchange.recall });
		}
		return answer;
	}
}

/** @throws Refusal `method-not-allowed` */
function answerWithoutRoute({ allowed }: Resource, method: string): Answer {
	if (method !== "OPTIONS") throw new Refusal("method-not-allowed", { method, allowed });
	const headers = ["Allow", allowed.join(", "), ...PREFLIGHT, "Content-Length", "0"];
	return { status: 200, headers };
}
