namespace Vla.Runtime.Libraries;

/// <summary>Why a library cannot be used, in one line.</summary>
internal static class LibraryWords
{
    /// <summary>The reason, with the mend where it is known.</summary>
    public static string Of(Exception exception)
    {
        var cause = exception;
        while (cause is TypeInitializationException { InnerException: { } inner })
            cause = inner;
        return cause switch
        {
            DllNotFoundException =>
                $"{FirstSentence(cause)}; put the native library beside the .dll, or on LD_LIBRARY_PATH",
            TypeLoadException or MissingMemberException when IsOfVla(cause) =>
                $"it was built against another version of Vla ({Line(cause)}): build it again against this one; "
                    + "CHANGELOG.md says what has changed",
            FileNotFoundException or FileLoadException => $"it needs something that is not there: {Line(cause)}",
            _ => Line(cause),
        };
    }

    public static string Line(Exception exception) =>
        string.IsNullOrWhiteSpace(exception.Message)
            ? exception.GetType().Name
            : exception.Message.ReplaceLineEndings(" ").Trim();

    /// <summary>
    /// An interface with another member than the class knows is missing in the class, whose name may be anything.
    /// </summary>
    private static bool IsOfVla(Exception exception) =>
        exception.Message.Contains("Vla.", StringComparison.Ordinal)
        || exception.Message.Contains("does not have an implementation", StringComparison.Ordinal);

    private static string FirstSentence(Exception exception)
    {
        var line = Line(exception);
        var end = line.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? line : line[..end];
    }
}
