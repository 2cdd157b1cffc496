namespace Vla.Actors.Chunks;

/// <summary>Whether the robot may be moved by what is seen, and from which pictures on.</summary>
/// <param name="Blindness">Why it may not: "the camera is lost: …"; null while it may.</param>
/// <param name="SeesSinceNs">Only pictures taken later than this count, monotonic nanoseconds.</param>
/// <param name="Since">What happened then.</param>
internal sealed record Sight(string? Blindness, long SeesSinceNs, string Since = "the camera was good again")
{
    /// <summary>Nothing was ever wrong with what is seen.</summary>
    public static Sight Clear { get; } = new(null, long.MinValue);

    /// <summary>True when an action made from a picture of that moment may be followed.</summary>
    public bool Trusts(long capturedNs) => Blindness is null && capturedNs > SeesSinceNs;
}
