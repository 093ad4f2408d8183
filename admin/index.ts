/** The admin UI: the screens of the resources that have one. */
import type { Screen, Screens, ShownProblem, StaticFile, Visit } from "../src/screens.ts";
import { endSubscriber } from "./deeds/hub.ts";
import { operate } from "./deeds/operate.ts";
import { project } from "./deeds/project.ts";
import { push } from "./deeds/push.ts";
import { changeReaders } from "./deeds/readers.ts";
import { act } from "./deeds/submit.ts";
import { subscribe } from "./deeds/subscribe.ts";
import { Files } from "./frame/files.ts";
import { type Frame, frameOf, redirect, withTheme } from "./frame/frame.ts";
import { TypeCounts } from "./parts/hues.ts";
import { deedScreen } from "./screens/deed.ts";
import { DEEDS } from "./screens/deed-request.ts";
import { event } from "./screens/event/screen.ts";
import { placeFor } from "./screens/go.ts";
import { hub } from "./screens/hub/list.ts";
import { subscriber } from "./screens/hub/subscriber.ts";
import { comeBack, leaveForIssuer } from "./screens/issuer.ts";
import { logIn, login, logOut } from "./screens/login.ts";
import { metadata } from "./screens/metadata.ts";
import { operations } from "./screens/operations/screen.ts";
import { overview } from "./screens/overview/screen.ts";
import { changeTokens, tokens } from "./screens/people/tokens.ts";
import { changeUsers, users } from "./screens/people/users.ts";
import { problemScreen } from "./screens/problem.ts";
import { projections } from "./screens/projections/list.ts";
import { projection } from "./screens/projections/screen.ts";
import { steps } from "./screens/projections/steps.ts";
import { question } from "./screens/question/screen.ts";
import { group } from "./screens/readers/group.ts";
import { groups } from "./screens/readers/groups.ts";
import { positions } from "./screens/readers/positions.ts";
import { search } from "./screens/search/screen.ts";
import { sql } from "./screens/sql/screen.ts";
import { stream } from "./screens/stream/screen.ts";
import { streams } from "./screens/streams.ts";
import { subscriptions } from "./screens/subscriptions/list.ts";
import { subscription } from "./screens/subscriptions/screen.ts";
import { time } from "./screens/time/screen.ts";
import { webhooks } from "./screens/webhooks/list.ts";
import { webhook } from "./screens/webhooks/screen.ts";

type Show = (frame: Frame) => Promise<Screen>;

/** By the path of the resource, as the server's table of routes has it. A page has its row here. */
const SCREENS: Readonly<Record<string, Show>> = {
	"/": start,
	"/admin": (frame) => operations(frame),
	"/admin/sql": (frame) => sql(frame),
	"/login": (frame) => login(frame),
	"/login/oidc": leaveForIssuer,
	"/login/callback": comeBack,
	"/users": (frame) => users(frame),
	"/tokens": (frame) => tokens(frame),
	"/search": (frame) => (frame.visit.query.get("by") === "query" ? question(frame) : search(frame)),
	"/subscriptions": (frame) => subscriptions(frame),
	"/subscriptions/:stream": (frame) => subscriptions(frame),
	"/subscriptions/:stream/:group": (frame) => subscription(frame),
	"/subscriptions/:stream/:group/info": (frame) => subscription(frame),
	"/projections": (frame) => projections(frame),
	"/projections/any": (frame) => projections(frame),
	"/projection/:id": (frame) => projection(frame),
	"/projection/:id/steps": steps,
	"/groups": (frame) => groups(frame),
	"/groups/:group": (frame) => group(frame),
	"/positions": (frame) => positions(frame),
	"/hub": hub,
	"/hub/:id": (frame) => subscriber(frame),
	"/webhooks": (frame) => webhooks(frame),
	"/webhooks/:id": (frame) => webhook(frame),
	"/streams": streams,
	"/streams/:stream": orDeed(orTime(stream)),
	"/streams/:stream/metadata": (frame) => metadata(frame),
	"/streams/:stream/:from": orDeed(event),
	"/streams/:stream/:from/:count": stream,
	"/streams/:stream/:from/forward/:count": stream,
	"/streams/:stream/:from/backward/:count": stream,
};

export function createScreens(): Screens {
	return new AdminUi();
}

class AdminUi implements Screens {
	readonly #files = new Files();
	readonly #types = new TypeCounts();

	async show(visit: Visit): Promise<Screen | undefined> {
		const show = Object.hasOwn(SCREENS, visit.path) ? SCREENS[visit.path] : undefined;
		return show && this.#in(visit, show);
	}

	submit(visit: Visit, form: URLSearchParams): Promise<Screen> {
		if (visit.path === "/login") return this.#in(visit, (frame) => logIn(frame, form));
		if (visit.path === "/logout") return this.#in(visit, logOut);
		if (visit.path === "/users") return this.#in(visit, (frame) => changeUsers(frame, form));
		if (visit.path === "/tokens") return this.#in(visit, (frame) => changeTokens(frame, form));
		if (visit.path === "/ui/operations") return this.#in(visit, (frame) => operate(frame, form));
		if (visit.path === "/ui/subscriptions")
			return this.#in(visit, (frame) => subscribe(frame, form));
		if (visit.path === "/ui/projections") return this.#in(visit, (frame) => project(frame, form));
		if (visit.path === "/ui/readers") return this.#in(visit, (frame) => changeReaders(frame, form));
		if (visit.path === "/ui/webhooks") return this.#in(visit, (frame) => push(frame, form));
		if (visit.path === "/ui/hub") return this.#in(visit, (frame) => endSubscriber(frame, form));
		return this.#in(visit, (frame) => act(frame, form));
	}

	refused(visit: Visit, problem: ShownProblem): Promise<Screen> {
		return this.#in(visit, (frame) => problemScreen(frame, problem));
	}

	async file(name: string): Promise<StaticFile | undefined> {
		return this.#files.get(name);
	}

	async #in(visit: Visit, show: Show): Promise<Screen> {
		return show(await frameOf(visit, this.#files, this.#types));
	}
}

async function start(frame: Frame): Promise<Screen> {
	const { visit } = frame;
	if (visit.query.has("theme")) return withTheme(visit);
	const to = await placeFor(visit.store, visit.query.get("go") ?? "");
	return to === undefined ? overview(frame) : redirect(visit, to);
}

/** `?as-of=` shows the same stream at another moment. */
function orTime(show: Show): Show {
	return (frame) => (frame.visit.query.has("as-of") ? time(frame) : show(frame));
}

/** `?deed=` shows the form of a deed about the same thing. */
function orDeed(show: Show): Show {
	return (frame) => {
		const asked = frame.visit.query.get("deed");
		const deed = DEEDS.find((one) => one === asked);
		return deed ? deedScreen(frame, deed) : show(frame);
	};
}
