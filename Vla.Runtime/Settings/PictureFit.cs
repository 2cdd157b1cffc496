using Vla.Actors.Policies;

namespace Vla.Runtime.Settings;

/// <summary>Whether there is a camera for each picture that a policy wants, and none too many.</summary>
internal static class PictureFit
{
    /// <exception cref="UsageException">Names are missing, or surplus.</exception>
    public static void Require(IPolicy policy, IReadOnlyList<NamedCamera> cameras)
    {
        if (policy.Pictures is not { } wanted)
            return;
        string[] given = [.. cameras.Select(camera => camera.Name)];
        var (missing, surplus) = (wanted.Except(given).ToList(), given.Except(wanted).ToList());
        if (missing.Count == 0 && surplus.Count == 0)
            return;
        var mend =
            missing.Count > 0
                ? string.Join(" ", missing.Select(name => $"--camera {name}=SOURCE"))
                : $"no camera {Words(surplus)}";
        var (cameraWord, verb) = given.Length == 1 ? ("camera", "is") : ("cameras", "are");
        throw new UsageException(
            $"the policy wants {(wanted.Count == 1 ? "the picture" : "the pictures")} {Words(wanted)} "
                + $"({policy.Directory}), "
                + $"the {cameraWord} {verb} {Words(given)}: give {mend}, or another policy"
        );
    }

    private static string Words(IReadOnlyList<string> names) =>
        names.Count == 1 ? names[0] : $"{string.Join(", ", names.Take(names.Count - 1))} and {names[^1]}";
}
