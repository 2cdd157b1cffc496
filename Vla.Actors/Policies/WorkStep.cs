namespace Vla.Actors.Policies;

/// <summary>What a thread is at, for whoever waits for it and wants to name what hangs.</summary>
internal sealed class WorkStep
{
    [ThreadStatic]
    private static WorkStep? _ofThisThread;

    private volatile string? _what;

    /// <summary>Where the calling thread says what it is at; null when nobody wants to know.</summary>
    public static WorkStep? OfThisThread
    {
        get => _ofThisThread;
        set => _ofThisThread = value;
    }

    /// <summary>What was begun last; null before there was anything.</summary>
    public string? What => _what;

    /// <summary>Notes what the calling thread begins with now.</summary>
    public static void Begin(string what)
    {
        if (_ofThisThread is { } step)
            step._what = what;
    }
}
