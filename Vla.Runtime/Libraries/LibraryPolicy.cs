using Akka.Actor;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Sensors.Images;
using static TorchSharp.torch;

namespace Vla.Runtime.Libraries;

/// <summary>
/// Holds a policy that somebody else wrote to what a policy is: asked once what it says of itself, and what it throws
/// is an error of that policy, in words.
/// </summary>
internal sealed class LibraryPolicy : IPolicy
{
    private readonly IPolicy _inner;
    private readonly string _what;

    private LibraryPolicy(IPolicy inner, string what)
    {
        (_inner, _what) = (inner, what);
        if (PolicyCheck.Problem(inner) is { } problem)
            throw new PolicyException($"{what}: {problem}");
        (Directory, Info, Untrained) = (inner.Directory, inner.Info, inner.Untrained);
        (Image, Pictures, State) = (inner.Image, inner.Pictures, inner.State);
        (Action, Steps) = (inner.Action, inner.Steps);
        (Parameters, StepIsKnown, Range) = (inner.Parameters, inner.StepIsKnown, inner.Range);
        (TakesWords, IsByHand, Remarks) = (inner.TakesWords, inner.IsByHand, inner.Remarks ?? []);
    }

    public string Directory { get; }

    public PolicyInfo Info { get; }

    public string? Untrained { get; }

    public ImageSpec Image { get; }

    public IReadOnlyList<string>? Pictures { get; }

    public StateSpec State { get; }

    public ActionSpec Action { get; }

    public IReadOnlyList<PolicyStep> Steps { get; }

    public long? Parameters { get; }

    public bool StepIsKnown { get; }

    public ActionRange? Range { get; }

    public bool TakesWords { get; }

    public bool IsByHand { get; }

    public IReadOnlyList<string> Remarks { get; }

    /// <param name="inner">As it was made.</param>
    /// <param name="what">What it is, in messages: "policy Mine in 'mine.dll'".</param>
    /// <exception cref="PolicyException">What it says of itself cannot be.</exception>
    public static LibraryPolicy Of(IPolicy inner, string what) =>
        Asked(what, "says nothing of itself", () => new LibraryPolicy(inner, what));

    public ImageSpec ImageOf(string picture) => Asked("pictures", () => _inner.ImageOf(picture)) ?? Image;

    public IPolicy Driving(RobotNaming robot) =>
        Asked("robot", () => _inner.Driving(robot)) is { } driving && !ReferenceEquals(driving, _inner)
            ? Of(driving, _what)
            : this;

    public IPolicy Choosing(PolicyChoices choices) =>
        Asked("choices", () => _inner.Choosing(choices)) is { } chosen && !ReferenceEquals(chosen, _inner)
            ? Of(chosen, _what)
            : this;

    public PrecisionInForce PrecisionOn(Device device) => Asked("precision", () => _inner.PrecisionOn(device));

    public InstructionWords? ReadWords(string instruction) => Asked("words", () => _inner.ReadWords(instruction));

    public IActorRef Start(IActorRefFactory parent, PolicyHost host) =>
        Asked("start", () => _inner.Start(parent, host))
        ?? throw new PolicyException($"{_what}: its Start gives no actor (null)");

    /// <summary>Runs somebody else's code, whose every error is a policy's.</summary>
    /// <exception cref="PolicyException">It threw.</exception>
    internal static T Asked<T>(string what, string failed, Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (Exception e)
            when (e is not (PolicyException or CheckpointException or CommandException or OutOfMemoryException))
        {
            throw new PolicyException($"{what} {failed}: {LibraryWords.Of(e)}", e);
        }
    }

    private T Asked<T>(string forWhat, Func<T> ask) => Asked(_what, $"failed when it was asked for its {forWhat}", ask);
}
