using Vla.Actors.Policies;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Libraries;

/// <summary>
/// Whether what a policy says of itself can be: what its directory's reader checks, for one that has none.
/// </summary>
internal static class PolicyCheck
{
    private const int MostDimensions = 64;
    private const int LargestPicture = 4_096;
    private const int LongestHorizon = 1_000;

    /// <summary>The first thing that cannot be, with what is allowed; null for none.</summary>
    public static string? Problem(IPolicy policy)
    {
        if (policy.Info is not { Name.Length: > 0, Description: not null, Note: not null, StageTypes: not null })
            return "Info lacks a name, a description, a note or stage types (each may be empty but the name)";
        return OfImage(policy.Image)
            ?? OfPictures(policy.Pictures)
            ?? OfAction(policy.Action, policy.StepIsKnown)
            ?? OfState(policy.State)
            ?? OfSteps(policy.Steps);
    }

    private static string? OfImage(ImageSpec? image)
    {
        const int channels = 3;
        if (image is not { Height: >= 1 and <= LargestPicture, Width: >= 1 and <= LargestPicture })
            return $"Image is {image?.Height}×{image?.Width} pixels: 1 to {LargestPicture} a side";
        return
            image.Mean?.Count == channels
            && image.Std?.Count == channels
            && image.Mean.All(float.IsFinite)
            && image.Std.All(value => float.IsFinite(value) && value > 0)
            ? null
            : $"Image has no mean and std above 0 for each of {channels} channels";
    }

    private static string? OfPictures(IReadOnlyList<string>? pictures)
    {
        if (pictures is null)
            return null;
        if (pictures.Count is 0 or > PictureNames.Most || pictures.Distinct().Count() < pictures.Count)
            return $"Pictures are {pictures.Count} names: 1 to {PictureNames.Most}, each once, or null for whatever "
                + "there is";
        return pictures.FirstOrDefault(name => !PictureNames.IsValid(name)) is { } wrong
            ? $"Pictures has the name '{wrong}': a name is {PictureNames.Rule}"
            : null;
    }

    private static string? OfAction(ActionSpec? action, bool stepIsKnown)
    {
        if (action is null)
            return "Action is null";
        if (OfDimensions("Action", action.Names, action.Units, action.Mean, action.Std) is { } problem)
            return problem;
        if (action.Names.Count == 0)
            return "Action has no dimensions";
        if (action.Horizon is < 1 or > LongestHorizon)
            return $"Action's horizon is {action.Horizon}: 1 to {LongestHorizon}";
        if (stepIsKnown && !(action.StepMs is >= 0.1 and <= 10_000))
            return $"Action's step is {action.StepMs} ms: 0.1 to 10000";
        return action.Execution switch
        {
            null => "Action's Execution is null",
            { Execute: { } execute } when execute < 1 || execute > action.Horizon =>
                $"Action's Execution carries out {execute} actions: 1 to the horizon, {action.Horizon}",
            { Binary: null } => "Action's Execution has no list of either/or dimensions (Binary)",
            { Binary: var binary } when binary.Any(index => index < 0 || index >= action.Dimensions) =>
                $"Action's Execution has an either/or dimension (Binary) outside 0 to {action.Dimensions - 1}",
            _ => null,
        };
    }

    private static string? OfState(StateSpec? state) =>
        state is null ? "State is null: StateSpec.None is for none"
        : OfDimensions("State", state.Names, state.Units, state.Mean, state.Std) is { } problem ? problem
        : state.Std.All(value => value > 0) ? null
        : "State has a std that is not above 0";

    private static string? OfDimensions(
        string what,
        IReadOnlyList<string>? names,
        IReadOnlyList<string>? units,
        IReadOnlyList<float>? mean,
        IReadOnlyList<float>? std
    )
    {
        if (names is null || units is null || mean is null || std is null)
            return $"{what} lacks names, units, mean or std";
        if (names.Count > MostDimensions)
            return $"{what} has {names.Count} dimensions: {MostDimensions} at most";
        if (names.Any(string.IsNullOrWhiteSpace) || names.Distinct(StringComparer.Ordinal).Count() < names.Count)
            return $"{what} has a dimension without a name, or two of one name";
        if (units.Count != names.Count || mean.Count != names.Count || std.Count != names.Count)
            return $"{what} has {names.Count} names, {units.Count} units, {mean.Count} mean and {std.Count} std: one "
                + "of each for every dimension";
        return mean.Concat(std).All(float.IsFinite) ? null : $"{what} has a mean or std that is no number";
    }

    private static string? OfSteps(IReadOnlyList<PolicyStep>? steps)
    {
        if (steps is null || steps.All(step => step.IsForInstruction))
            return "Steps are none: name what is done for every picture";
        return
            steps.Any(step => string.IsNullOrWhiteSpace(step.Name) || string.IsNullOrWhiteSpace(step.Stage))
            || steps.Select(step => step.Name).Distinct(StringComparer.Ordinal).Count() < steps.Count
            ? "Steps has one without a name or stage, or two of one name"
            : null;
    }
}
