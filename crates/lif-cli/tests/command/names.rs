//! Names of columns and numbers that may not be what they seem.

use super::Folder;

#[test]
fn names_that_are_not_those_of_plain_times_are_refused() {
    let folder = Folder::with_still();
    for (name, message) in [
        ("time_step", "counts samples or steps"),
        ("timestep", "counts samples or steps"),
        ("time step", "counts samples or steps"),
        ("t(ms)*10", "has a factor or an offset"),
        ("t (ms) + 100", "has a factor or an offset"),
        ("t(ms)/10", "has a factor or an offset"),
        ("time_ms_x10", "has a factor or an offset"),
    ] {
        for (kind, text) in
            [("stimulus", format!("{name},I\n1,5\n2,6\n")), ("spikes", format!("{name}\n10\n20\n"))]
        {
            let said = folder.stderr_of(kind, &text);
            // With a blank before the number, a name of one column is not accepted.
            let is_none = kind == "spikes" && said.contains("'t' is not a number");
            assert!(is_none || said.contains(&format!("'{name}' in it {message}")), "{kind} {name}: {said}");
        }
    }
    for name in ["dt (ms)", "\u{394}t (ms)", "time_delta", "d_t", "gap (ms)", "interspike (ms)"] {
        let stimulus = folder.stderr_of("stimulus", &format!("{name},I\n1,5\n2,6\n"));
        let message = format!("the first column is '{name}', which is not a name of times");
        assert!(stimulus.contains(&message), "{stimulus}");
        let spikes = folder.stderr_of("spikes", &format!("{name}\n10\n20\n"));
        assert!(spikes.contains(&format!("'{name}' in it names times between spikes")), "{spikes}");
    }
}

#[test]
fn names_with_a_sign_before_them_are_told() {
    for name in ["-I (nA)", "|I| (nA)"] {
        let told = Folder::new().stderr_of("stimulus", &format!("time (ms),{name}\n1,0.5\n2,0.6\n"));
        let message = format!("the values of the column '{name}' are taken as they are written");
        assert!(told.contains(&message), "{told}");
    }
    // A quotient of two units is not a unit of the values either.
    let told = Folder::new().stderr_of("stimulus", "# pA/nA\n5\n6\n");
    assert!(told.contains("its values are in pA/nA by their name, and taken as nA"), "{told}");
}

#[test]
fn points_after_thousands_are_seen() {
    let folder = Folder::new();
    for text in ["1.234,5\n2.345,6\n", "1.234,5\n1.250,7\n"] {
        let said = folder.stderr_of("stimulus", text);
        let message = "'1.234,5' may be a time and a value, or one number with a point after its thousands and a decimal comma";
        assert!(said.contains(message), "{said}");
    }
    let told = folder.stderr_of("stimulus", "1.415,2\n1.301,7\n");
    assert!(told.contains("or is the comma a decimal comma, which is not read?"), "{told}");
    for text in ["0.100,5\n0.200,6\n", "1.234 0\n2.345 0\n", "0,5.5\n1.234,6\n"] {
        assert!(!folder.stderr_of("stimulus", text).starts_with("error"), "{text:?}");
    }
}

#[test]
fn times_in_no_order_are_told() {
    let folder = Folder::with_still();
    let told = folder.stderr_of("spikes", "10\n30\n20\n25\n15\n");
    assert!(told.contains("2 times come after a later one, and all are sorted"), "{told}");
    assert_eq!(folder.stderr_of("spikes", "10\n20\n30\n"), "");
}

#[test]
fn a_current_may_be_called_i_where_its_unit_tells_it_from_the_number_of_a_neuron() {
    let folder = Folder::new();
    for names in ["t (ms),i (nA)", "t_ms,i_nA", "t (ms),I", "t_ms,I"] {
        folder.write("in.txt", &format!("{names}\n0,0.5\n1,0.8\n"));
        folder.run("-n 1 --no-plot --stimulus in.txt").assert().success().stderr("");
    }
    folder.write("in.txt", "t_ms,i\n0,0.5\n1,0.8\n");
    let message = "the second column is 'i', which is what numbers of neurons are called; call currents 'I'";
    folder.refuses("run --device cpu -n 1 --stimulus in.txt", 1, message);
}
