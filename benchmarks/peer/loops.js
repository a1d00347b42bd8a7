/** The two loops of the textbook: one lets people in, one tells those who wait where they stand. */

const USERS_PER_MINUTE = 1000; // what the reference's two servers take in

/** Call `work` every second, never twice at a time: a slow turn makes the next one late, not concurrent. */
function everySecond(work) {
  const turn = async () => {
    const started = performance.now();
    await work();
    setTimeout(turn, Math.max(0, 1000 - (performance.now() - started)));
  };
  setTimeout(turn, 1000);
}

/** Fill the vacancies from the head of the line, once a second. */
export function admitEverySecond(redis, io, slug, threshold) {
  everySecond(async () => {
    const vacancies = threshold - (await redis.scard(`active:${slug}`));
    if (vacancies <= 0) return;
    const visitors = await redis.zrange(`queue:${slug}`, 0, vacancies - 1);
    if (visitors.length === 0) return;
    await redis.sadd(`active:${slug}`, ...visitors);
    for (const visitor of visitors) {
      io.to(`user:${visitor}`).emit("queue-enter", { message: "입장이 허용되었습니다!" });
    }
    await redis.zremrangebyrank(`queue:${slug}`, 0, visitors.length - 1);
  });
}

/** Send every waiting visitor who has a socket here the position, once a second. */
export function announceEverySecond(redis, io, slug) {
  everySecond(async () => {
    const visitors = new Set();
    for (const socket of io.of("/").sockets.values()) visitors.add(socket.data.visitor);
    if (visitors.size === 0) return;
    const total = await redis.zcard(`queue:${slug}`);
    // The whole line in one answer is the cheapest way to all ranks, until most of the line is connected elsewhere.
    const ranks = total <= 4 * visitors.size ? await allRanks(redis, slug) : await ranksOf(redis, slug, visitors);
    for (const [visitor, rank] of ranks) {
      if (rank === null || !visitors.has(visitor)) continue;
      const position = rank + 1;
      const estimatedWait = Math.ceil((position * 60) / USERS_PER_MINUTE);
      io.to(`user:${visitor}`).emit("queue-position-update", { position, total, estimatedWait });
    }
  });
}

async function allRanks(redis, slug) {
  const line = await redis.zrange(`queue:${slug}`, 0, -1);
  return line.map((visitor, rank) => [visitor, rank]);
}

async function ranksOf(redis, slug, visitors) {
  return Promise.all([...visitors].map(async (visitor) => [visitor, await redis.zrank(`queue:${slug}`, visitor)]));
}
