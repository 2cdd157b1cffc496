using System.Globalization;
using Vla.Actors.Chunks;
using Vla.Actors.Policies;
using static TorchSharp.torch;

namespace Vla.Runtime.Commands;

/// <summary>What a policy is, whatever its family: for <c>vla model</c>.</summary>
/// <param name="Family">As <see cref="IPolicyFamily.Name"/>.</param>
/// <param name="Directory">The policy's.</param>
/// <param name="Device">Where it would compute.</param>
/// <param name="Precision">In which numbers.</param>
/// <param name="Parameters">Numbers that were learned; null where it does not say.</param>
/// <param name="Pictures">The cameras, in its order; null for one that takes whatever there is.</param>
/// <param name="State">What it wants to know of the robot.</param>
/// <param name="Action">What it gives.</param>
/// <param name="Horizon">Actions in a chunk.</param>
/// <param name="Executes">How chunks are carried out, in words.</param>
/// <param name="TakesWords">Whether an instruction makes a difference.</param>
/// <param name="Steps">What it does, in its order.</param>
/// <param name="Remarks">What came from where, and what is open.</param>
internal sealed record PolicyDescription(
    string Family,
    string Directory,
    string Device,
    string Precision,
    long? Parameters,
    IReadOnlyList<PictureDescription>? Pictures,
    IReadOnlyList<NumberDescription> State,
    IReadOnlyList<NumberDescription> Action,
    int Horizon,
    string Executes,
    bool TakesWords,
    IReadOnlyList<string> Steps,
    IReadOnlyList<string> Remarks
)
{
    public static PolicyDescription Of(IPolicy policy, string family, Device device)
    {
        var precision = policy.PrecisionOn(device);
        var note = precision.Note.Length > 0 ? $" ({precision.Note})" : "";
        return new PolicyDescription(
            family,
            policy.Directory,
            device.ToString(),
            $"{precision.Precision.ToString().ToLowerInvariant()}{note}",
            policy.Parameters,
            policy
                .Pictures?.Select(name =>
                {
                    var image = policy.ImageOf(name);
                    var (width, height) = image.Source ?? (image.Width, image.Height);
                    return new PictureDescription(name, width, height);
                })
                .ToArray(),
            [.. policy.State.Names.Zip(policy.State.Units, (name, unit) => new NumberDescription(name, unit))],
            [.. policy.Action.Names.Zip(policy.Action.Units, (name, unit) => new NumberDescription(name, unit))],
            policy.Action.Horizon,
            Words(policy.Action),
            policy.TakesWords,
            [.. policy.Steps.Select(step => $"{step.Name} ({step.Stage})")],
            policy.Remarks
        );
    }

    public void Write(TextWriter output)
    {
        output.WriteLine($"Policy:     {Family} ({Directory})");
        output.WriteLine($"Device:     {Device}, {Precision}");
        if (Parameters is { } count)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Parameters: {count:N0} used at inference"));
        var cameras = Pictures?.Select(picture => $"{picture.Name} {picture.Width}x{picture.Height}");
        output.WriteLine($"Cameras:    {(cameras is null ? "whatever there is" : List(cameras))}");
        output.WriteLine($"State:      {List(State.Select(number => $"{number.Name} ({number.Unit})"))}");
        output.WriteLine($"Words:      {(TakesWords ? "an instruction" : "none: it does the same whatever is said")}");
        output.WriteLine($"Actions:    {List(Action.Select(number => $"{number.Name} ({number.Unit})"))}");
        output.WriteLine($"Chunks:     {Horizon} actions, {Executes}");
        output.WriteLine($"Steps:      {List(Steps)}");
        foreach (var remark in Remarks)
            output.WriteLine($"            {remark}");
    }

    private static string List(IEnumerable<string> words) => string.Join(", ", words.DefaultIfEmpty("none"));

    private static string Words(ActionSpec action) =>
        action.Execution switch
        {
            { Blend: ChunkBlend.Ensemble } ensemble => string.Create(
                CultureInfo.InvariantCulture,
                $"of which all that have one for now are blended, weighted exp(-{ensemble.EnsembleDecay} i)"
            ),
            { Execute: { } count } => $"of which {count} are carried out",
            _ => "of which the freshest are carried out",
        };
}

/// <summary>A picture that a policy wants.</summary>
internal sealed record PictureDescription(string Name, int Width, int Height);

/// <summary>A number that a policy takes or gives.</summary>
internal sealed record NumberDescription(string Name, string Unit);
