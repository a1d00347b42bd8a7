/**
 * The peer: the textbook waiting room, as most would write it with Express, ioredis and socket.io.
 *
 * It keeps to the reference's commands (SCARD, ZADD, ZRANK; ZRANGE, SADD, ZREMRANGEBYRANK) and leaves out
 * what the textbook leaves out: presence, atomic admission, a rate, slips. Where there is a cheaper way to say
 * the same thing it takes it, so that the comparison is with the design and not with carelessness.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import compression from "compression";
import cookieParser from "cookie-parser";
import express from "express";
import { Redis } from "ioredis";
import { Server } from "socket.io";
import { admitEverySecond, announceEverySecond } from "./loops.js";

const SLUG = process.env.SLUG ?? "concert";
const THRESHOLD = Number(process.env.THRESHOLD ?? 1000);
const PORT = Number(process.env.PORT ?? 0);
const SECRET = process.env.SECRET_KEY ?? "benchmark-only";
const COOKIE = { httpOnly: true, sameSite: "lax", path: "/", signed: true };

// Commands of one event-loop turn share one write: measured faster than without, so the peer has it.
const redis = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379", {
  enableAutoPipelining: process.env.AUTOPIPELINING !== "0",
});
const readVisitor = cookieParser(SECRET);
const app = express().disable("x-powered-by").disable("etag").use(readVisitor);

function visitorOf(request, response) {
  const known = request.signedCookies.visitor;
  if (known) return known;
  const visitor = randomUUID();
  response.cookie("visitor", visitor, COOKIE);
  return visitor;
}

app.get("/api/events/:id", async (request, response) => {
  const { id } = request.params;
  const visitor = visitorOf(request, response);
  response.set("Cache-Control", "no-store");
  if ((await redis.scard(`active:${id}`)) < THRESHOLD) {
    await redis.sadd(`active:${id}`, visitor);
    return response.json({ status: "active", message: "입장 완료" });
  }
  // NX, which the reference forgot: a reload must not send a visitor to the end of the line.
  const [, rank] = await Promise.all([
    redis.zadd(`queue:${id}`, "NX", Date.now(), visitor),
    redis.zrank(`queue:${id}`, visitor),
  ]);
  return response.status(202).json({ status: "queued", position: rank + 1, message: "현재 대기 중입니다" });
});

app.get("/api/events/:id/queue", async (request, response) => {
  const { id } = request.params;
  const visitor = request.signedCookies.visitor;
  response.set("Cache-Control", "no-store");
  const [rank, total] = visitor
    ? await Promise.all([redis.zrank(`queue:${id}`, visitor), redis.zcard(`queue:${id}`)])
    : [null, 0];
  if (rank === null) return response.json({ status: "none" });
  return response.status(202).json({ status: "queued", position: rank + 1, total, message: "현재 대기 중입니다" });
});

// The waiting page: a template filled for each visitor, compressed by what Express recommends.
const PAGE = process.env.PAGE ? readFileSync(process.env.PAGE, "utf8") : "@@position@@";
app.get("/events/:id", compression(), async (request, response) => {
  const { id } = request.params;
  const visitor = visitorOf(request, response);
  response.set("Cache-Control", "no-store");
  if ((await redis.scard(`active:${id}`)) < THRESHOLD) {
    await redis.sadd(`active:${id}`, visitor);
    return response.send("입장 완료");
  }
  const [, rank] = await Promise.all([
    redis.zadd(`queue:${id}`, "NX", Date.now(), visitor),
    redis.zrank(`queue:${id}`, visitor),
  ]);
  return response.type("html").send(PAGE.replace("@@position@@", rank + 1));
});

const server = createServer(app);
const io = new Server(server, { serveClient: false });
io.engine.use(readVisitor);
io.use((socket, next) => {
  const visitor = socket.request.signedCookies?.visitor;
  if (!visitor) return next(new Error("unknown visitor"));
  socket.data.visitor = visitor;
  return next();
});
io.on("connection", (socket) => socket.join(`user:${socket.data.visitor}`));

admitEverySecond(redis, io, SLUG, THRESHOLD);
announceEverySecond(redis, io, SLUG);
server.listen({ port: PORT, host: "127.0.0.1", backlog: 4096 }, () => {
  process.stdout.write(`listening on ${server.address().port}\n`);
});
process.on("SIGTERM", () => process.exit(0));
