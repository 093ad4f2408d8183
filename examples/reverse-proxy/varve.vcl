# Varnish in front of Varve: sealed pages come from Varnish's memory, and the server bans deleted or erased events by
# tag. Adapt the lines marked with HERE; start the server with --purge-url http://varnish:6081 --purge-method BAN.
vcl 4.1;

import std;

backend varve {
    .host = "127.0.0.1"; # HERE: the server
    .port = "2113";
    # Longer than --long-poll-seconds-max and --request-timeout-ms together.
    .first_byte_timeout = 180s;
}

# Only the server may ban. HERE
acl purgers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "BAN") {
        if (client.ip !~ purgers) {
            return (synth(403, "Not allowed"));
        }
        if (req.http.Cache-Tag !~ "^[a-z0-9]+(,[a-z0-9]+)*$") {
            return (synth(400, "Which tags?"));
        }
        # A tag between commas, or at an end. The lurker works off bans that use only obj, in the background.
        if (std.ban("obj.http.Cache-Tag ~ (^|,)(" + regsuball(req.http.Cache-Tag, ",", "|") + ")(,|$)")) {
            return (synth(200, "Banned"));
        }
        return (synth(500, std.ban_error()));
    }
    # Links start with what these say, if the server trusts this proxy. A reader must not set them: others would get its page.
    # HERE: leave X-Forwarded-Proto, if only what ends TLS reaches Varnish, and says so in it.
    unset req.http.X-Forwarded-Host;
    unset req.http.X-Forwarded-Port;
    unset req.http.X-Forwarded-Prefix;
    unset req.http.X-Forwarded-Proto;
    unset req.http.Forwarded;
    # Appends, and reads that wait in a header for something newer than what may be kept, concern only one client. So do
    # lists that do not end soon, and consumers of an HTTP feed: others would wait for the end of each.
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.http.ES-LongPoll || req.http.Kurrent-LongPoll || req.http.ES-MinPosition || req.http.Kurrent-MinPosition ||
        req.http.Accept ~ "application/x-ndjson|text/event-stream" || req.url ~ "[?&](timeout|lastEventId)=") {
        return (pass);
    }
    # Anyone may read what is public, with credentials or without.
    return (hash);
}

sub vcl_hash {
    # The path unchanged, and the host, because links start with it. The server names in Vary what matters besides.
    hash_data(req.url);
    hash_data(req.http.Host);
    hash_data(req.http.X-Forwarded-Proto);
    return (lookup);
}

sub vcl_backend_response {
    # After its time, Varnish asks for a page again, and does not show the old one meanwhile: it may have been erased. It
    # keeps the old one for a while, to ask with its tag.
    set beresp.grace = 0s;
    set beresp.keep = 60s;
    # The server's Cache-Control decides how long. What only some may read is private.
    if (beresp.http.Cache-Control !~ "max-age=[1-9]" || beresp.http.Cache-Control ~ "private") {
        if (bereq.url ~ "[?&]wait=") {
            # Nothing came. Whoever waits at this place meanwhile asks for itself, and one answer that may be kept ends that.
            set beresp.uncacheable = true;
            set beresp.ttl = 1s;
            return (deliver);
        }
        # For a moment, requests do not wait for each other, and the server gets the readers' If-None-Match. Not for long,
        # because the page may be full by then.
        return (pass(2s));
    }
    return (deliver);
}

sub vcl_deliver {
    if (obj.hits > 0) {
        set resp.http.X-Cache-Status = "HIT";
    } else {
        set resp.http.X-Cache-Status = "MISS";
    }
    # The tags are between the server and its caches. A CDN in front of Varnish needs them: remove these lines then. HERE
    unset resp.http.Cache-Tag;
    unset resp.http.Surrogate-Key;
}
