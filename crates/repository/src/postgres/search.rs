//! First the words, by the full-text index and the best first; then, for what is left of the page, the parts of words.

use deadpool_postgres::Transaction;
use domain::{Message, RoomId, UserId, values::SearchTerm};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{fault::Fault, messages::messages, rows::message_columns};

/// What it finds contains the words literally too, so that both ways find the same.
pub(super) const WORDS: &str = concat!(
    "WITH found AS (
         SELECT x.id, x.created_at, ts_rank(x.words, query) AS rank
         FROM websearch_to_tsquery('simple', folded($3)) query, messages x
         WHERE x.words @@ query
           AND x.room_id IN (SELECT p.room_id FROM room_members p
                             WHERE p.user_id = $1 AND p.left_seq IS NULL AND ($2::uuid IS NULL OR p.room_id = $2))
           AND x.deleted_at IS NULL
           AND folded(x.content) LIKE ALL (ARRAY(SELECT folded(word) FROM unnest($4::text[]) word))
         ORDER BY rank DESC, x.created_at DESC, x.id DESC
         LIMIT $5
     )
     SELECT ",
    message_columns!(),
    " FROM found f JOIN shown_messages m ON m.id = f.id
      ORDER BY f.rank DESC, f.created_at DESC, f.id DESC"
);

/// The longest word is looked up in the index of parts, where there is one.
pub(super) const PARTS: &str = concat!(
    "WITH found AS (
         SELECT x.id, x.created_at
         FROM messages x
         WHERE folded(x.content) LIKE folded($3)
           AND folded(x.content) LIKE ALL (ARRAY(SELECT folded(word) FROM unnest($4::text[]) word))
           AND x.room_id IN (SELECT p.room_id FROM room_members p
                             WHERE p.user_id = $1 AND p.left_seq IS NULL AND ($2::uuid IS NULL OR p.room_id = $2))
           AND x.deleted_at IS NULL
           AND x.id <> ALL ($6::uuid[])
         ORDER BY x.created_at DESC, x.id DESC
         LIMIT $5
     )
     SELECT ",
    message_columns!(),
    " FROM found f JOIN shown_messages m ON m.id = f.id
      ORDER BY f.created_at DESC, f.id DESC"
);

/// Which way is the shorter one depends on the word. A plan that fits all of them would go through the whole index of parts
/// for a word of two characters, once for each room.
const PLAN: &str = "SET LOCAL plan_cache_mode = force_custom_plan";

pub(super) async fn best(
    transaction: &Transaction<'_>,
    user: UserId,
    room: Option<RoomId>,
    term: &SearchTerm,
    limit: u32,
) -> Result<Vec<Message>, Fault> {
    transaction.batch_execute(PLAN).await?;
    let room = room.map(|room| room.0);
    let words: Vec<&str> = term.as_str().split_whitespace().collect();
    let mut patterns: Vec<String> = words.iter().map(|word| pattern(word)).collect();
    let limit = i64::from(limit);
    let mut found = messages(
        transaction,
        WORDS,
        &[&user.0, &room, &phrases(&words), &patterns, &limit],
    )
    .await?;
    let left = limit - i64::try_from(found.len()).unwrap_or(limit);
    if left > 0 {
        let known: Vec<Uuid> = found.iter().map(|message| message.id.0).collect();
        patterns.sort_by_key(|pattern| pattern.chars().count());
        let longest = patterns.pop().unwrap_or_default();
        let params: [&(dyn ToSql + Sync); 6] = [&user.0, &room, &longest, &patterns, &left, &known];
        found.extend(messages(transaction, PARTS, &params).await?);
    }
    Ok(found)
}

/// Each word as a quoted phrase, so that no character of it is an operator of the query language.
fn phrases(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("\"{}\"", word.replace('"', " ")))
        .collect::<Vec<_>>()
        .join(" ")
}

/// What contains the word matches this.
fn pattern(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for character in word.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_of_a_word_is_an_operator() {
        assert_eq!(phrases(&["a\"b", "-c", "OR"]), r#""a b" "-c" "OR""#);
        assert_eq!(pattern(r"10%_\Ä"), r"%10\%\_\\Ä%");
    }
}
