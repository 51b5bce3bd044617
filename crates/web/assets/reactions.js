// How a message is reacted to: `{emoji, count, user_ids, last_seq}` for each emoji, as the server tells it. It names the
// first ten users alone; `isWhole` is set where the page knows all of them.

/** The message after a `reaction.added` or `reaction.removed`. What it carries may be ahead of the log, and counts it already. */
export function reacted(message, { event, seq, data: { emoji, count, user_id: user } }) {
  const { reactions = [] } = message;
  const old = reactions.find((reaction) => reaction.emoji === emoji);
  if (old && seq <= old.last_seq) return message;
  const users = (old?.user_ids ?? []).filter((id) => id !== user);
  if (event === 'reaction.added') users.push(user);
  const now = { ...old, emoji, count, user_ids: users, last_seq: seq };
  const next = old ? reactions.map((reaction) => (reaction === old ? now : reaction)) : [...reactions, now];
  return { ...message, reactions: next.filter((reaction) => reaction.count > 0) };
}

/** The message with everybody named whom a list tells, but for the `changes` that came since the list was asked for. */
export function named(message, list, changes) {
  const reactions = message.reactions.map((reaction) => {
    const isIts = ({ emoji }) => emoji === reaction.emoji;
    const users = new Set(list.filter(isIts).map(({ user_id: user }) => user));
    for (const { event, data } of changes) {
      if (!isIts(data)) continue;
      if (event === 'reaction.added') users.add(data.user_id);
      else users.delete(data.user_id);
    }
    return { ...reaction, user_ids: [...users], isWhole: true };
  });
  return { ...message, reactions };
}

/** The message with everybody named whom an older state of it named, where nothing has changed since. */
export function stillNamed(message, older) {
  const { reactions = [] } = message;
  const known = (reaction) => older.reactions?.find(
    ({ emoji, last_seq: seq, isWhole }) => isWhole && emoji === reaction.emoji && seq === reaction.last_seq,
  );
  return { ...message, reactions: reactions.map((reaction) => known(reaction) ?? reaction) };
}

/** Whether a user is among those who have reacted so. `null` if that is not known. */
export function standsBy({ user_ids: users, count, isWhole }, user) {
  if (users.includes(user)) return true;
  return isWhole || users.length >= count ? false : null;
}
