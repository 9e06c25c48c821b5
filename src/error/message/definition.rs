//! Models: their names, their owners, and where their scores go.

use super::{Code, Message, STATE, UNSUPPORTED, call, cut, list, perhaps};

pub fn unknown_model(name: &str, nearest: Option<String>) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_OBJECT,
        text: format!("model \"{}\" does not exist", cut(name)),
        detail: "Found no model of this name that you may use.".to_owned(),
        hint: perhaps(
            "model",
            nearest,
            "The view customer_ai.models lists the models that you may use: SELECT model FROM customer_ai.models.",
        ),
    }
}

pub fn model_exists(name: &str) -> Message {
    Message {
        code: Code::ERRCODE_DUPLICATE_OBJECT,
        text: format!("model \"{name}\" already exists"),
        detail:
            "Names of models are unique in the database, also among models that you may not see."
                .to_owned(),
        hint: format!(
            "Choose another name, or drop the model with SELECT customer_ai.drop_model('{name}')."
        ),
    }
}

pub fn model_differs(name: &str, differing: &[String]) -> Message {
    Message {
        code: Code::ERRCODE_DUPLICATE_OBJECT,
        text: format!("model \"{name}\" already exists with another definition"),
        detail: format!("Found {}; it must be the same.", differing.join("; ")),
        hint: format!(
            "To change it, run customer_ai.alter_model('{name}', ...), which keeps its versions and scores."
        ),
    }
}

pub fn model_disabled(model: &str) -> Message {
    Message {
        code: STATE,
        text: format!("model \"{model}\" is disabled"),
        detail: "Found it disabled; it must be enabled to be trained or scored.".to_owned(),
        hint: format!("Run SELECT customer_ai.enable_model('{model}')."),
    }
}

pub fn model_used(model: &str, others: &[String]) -> Message {
    let many = others.len().saturating_sub(20);
    let mut shown = others
        .iter()
        .take(20)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if many > 0 {
        shown.push_str(&format!(" and {many} more"));
    }
    Message {
        code: Code::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
        text: format!("cannot drop model \"{model}\" because other objects depend on its scores"),
        detail: format!("Found {shown}; nothing may depend on its scores and segments."),
        hint: format!(
            "Drop them first, run SELECT customer_ai.drop_model('{model}', force => true) to drop them too, or keep the scores with keep_scores => true."
        ),
    }
}

pub fn scores_taken(relation: &str, model: &str) -> Message {
    Message {
        code: Code::ERRCODE_DUPLICATE_OBJECT,
        text: format!("scores cannot be written to \"{relation}\""),
        detail: format!("Found that name taken by {model}; it must be free."),
        hint:
            "Choose another name with options => '{\"scores\": \"name\"}', or rename what is there."
                .to_owned(),
    }
}

pub fn owner_gone(model: &str, owner: &str) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_OBJECT,
        text: format!("model \"{model}\" has no owner"),
        detail: format!("Role \"{owner}\" does not exist any more."),
        hint: hand_over(model),
    }
}

/// What a superuser does about a model that nobody owns.
fn hand_over(model: &str) -> String {
    format!(
        "As a superuser, give it to a role with SELECT customer_ai.alter_model('{model}', owner => 'role'), or drop it with SELECT customer_ai.drop_model('{model}')."
    )
}

pub fn owner_replaced(model: &str, owner: &str) -> Message {
    Message {
        code: STATE,
        text: format!("model \"{model}\" has no owner"),
        detail: format!("Role \"{owner}\" was dropped; the role of that name is another one."),
        hint: hand_over(model),
    }
}

pub fn scores_given(model: &str, owner: &str, found: &str) -> Message {
    Message {
        code: STATE,
        text: format!("model \"{model}\" and its scores have different owners"),
        detail: format!(
            "Found scores of role \"{found}\", a superuser, and the model of role \"{owner}\"; its conditions would run with the rights of a superuser."
        ),
        hint: format!(
            "If that is meant, run SELECT customer_ai.alter_model('{model}', owner => '{found}'); otherwise give the scores back."
        ),
    }
}

pub fn no_sources(model: &str) -> Message {
    Message {
        code: STATE,
        text: format!("model \"{model}\" has no events"),
        detail: "Found no event source of it, as after a restore that was broken off; at least one is required.".to_owned(),
        hint: format!("Restore again, or add one with SELECT customer_ai.add_events('{model}', 'schema.table')."),
    }
}

pub fn unknown_role(name: &str) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_OBJECT,
        text: format!("role \"{}\" does not exist", cut(name)),
        detail: "Found no role of this name.".to_owned(),
        hint: "SELECT rolname FROM pg_roles lists the roles.".to_owned(),
    }
}

pub fn not_owner(owner: &str, caller: &str) -> Message {
    Message {
        code: Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
        text: format!("must be a member of role \"{owner}\""),
        detail: format!(
            "Found role \"{caller}\"; a model runs with the rights of its owner, and only members of that role may run it."
        ),
        hint: format!("Ask who administers \"{owner}\" to run: GRANT \"{owner}\" TO \"{caller}\"."),
    }
}

pub fn source_twice(model: &str, relation: &str) -> Message {
    Message {
        code: Code::ERRCODE_DUPLICATE_OBJECT,
        text: format!("\"{relation}\" is an event source of model \"{model}\" already"),
        detail: "Found the same relation with the same columns, where_clause and event_type; its events would count twice.".to_owned(),
        hint: format!(
            "Other rows of it need another where_clause, other events of it an event_type; to replace it, run SELECT customer_ai.remove_events('{model}', '{relation}') first."
        ),
    }
}

pub fn not_a_source(model: &str, relation: &str, kind: &str, sources: &[String]) -> Message {
    Message {
        code: Code::ERRCODE_UNDEFINED_OBJECT,
        text: format!("\"{relation}\" is no {kind} of model \"{model}\""),
        detail: match sources {
            [] => "Found none; it must be one of the model's.".to_owned(),
            sources => format!("Found {}; it must be one of these.", list(sources)),
        },
        hint: format!("{} shows what the model reads.", call("check_model", model)),
    }
}

pub fn last_source(model: &str, relation: &str) -> Message {
    Message {
        code: STATE,
        text: format!("\"{relation}\" is the only event source of model \"{model}\""),
        detail: "Found 1 event source; at least 1 must stay.".to_owned(),
        hint: format!(
            "Add another one with customer_ai.add_events first, or drop the model with SELECT customer_ai.drop_model('{model}')."
        ),
    }
}

pub fn second_profiles(model: &str, relation: &str) -> Message {
    Message {
        code: UNSUPPORTED,
        text: format!("model \"{model}\" has a relation of profile attributes already"),
        detail: format!("Found \"{relation}\"; at most one is allowed."),
        hint: "Join the relations in a view, and define the model with that.".to_owned(),
    }
}

pub fn schema_rights(schema: &str, exists: bool) -> Message {
    if exists {
        Message {
            code: Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
            text: format!("permission denied for schema \"{schema}\""),
            detail: "The scores are written there, which needs the right to CREATE.".to_owned(),
            hint: "Choose another place with options => '{\"scores\": \"schema.name\"}'."
                .to_owned(),
        }
    } else {
        Message {
            code: Code::ERRCODE_INVALID_SCHEMA_NAME,
            text: format!("schema \"{}\" does not exist", cut(schema)),
            detail: "Found no schema of this name; one that exists is required.".to_owned(),
            hint: format!(
                "Run CREATE SCHEMA \"{}\", or name another one.",
                cut(schema)
            ),
        }
    }
}
