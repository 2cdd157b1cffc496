using System.Text.Json.Serialization;

namespace Vla.Runtime.Doctor;

/// <summary>One line of the doctor's report: what was looked at, what was found, and what to do about it.</summary>
/// <param name="Verdict">Whether it is good, worth knowing or in the way.</param>
/// <param name="Subject">What was looked at, in a word or two.</param>
/// <param name="Text">What was found.</param>
/// <param name="Mend">What to do, as a command where one does it; null when there is nothing to do.</param>
internal sealed record Finding(Verdict Verdict, string Subject, string Text, string? Mend = null)
{
    public static Finding Ok(string subject, string text) => new(Verdict.Ok, subject, text);

    public static Finding Note(string subject, string text, string? mend = null) =>
        new(Verdict.Note, subject, text, mend);

    public static Finding Fail(string subject, string text, string mend) => new(Verdict.Fail, subject, text, mend);

    /// <summary><c>OK   runtime: .NET 10.0.1</c>, <c>FAIL OpenCV: … mend: …</c>.</summary>
    public override string ToString()
    {
        var verdict = Verdict switch
        {
            Verdict.Ok => "OK  ",
            Verdict.Note => "note",
            _ => "FAIL",
        };
        return $"{verdict} {Subject}: {Text}" + (Mend is null ? "" : $"; mend: {Mend}");
    }
}

/// <summary>How a <see cref="Finding"/> counts.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
internal enum Verdict
{
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>Worth knowing; nothing has to be done.</summary>
    [JsonStringEnumMemberName("note")]
    Note,

    /// <summary>Vla, or the part of it that the settings ask for, will not work.</summary>
    [JsonStringEnumMemberName("fail")]
    Fail,
}
