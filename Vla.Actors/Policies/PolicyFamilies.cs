using System.Collections.Immutable;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Act;
using Vla.Actors.Policies.OpenVla;
using Vla.Actors.Policies.Rt1;
using Vla.Actors.Policies.SmolVla;
using Vla.Actors.Policies.Staged;

namespace Vla.Actors.Policies;

/// <summary>The families that there are: one line for each.</summary>
public static class PolicyFamilies
{
    private static readonly IPolicyFamily[] Own =
    [
        // One line for each.
        new StagedFamily(),
        new ActFamily(),
        new SmolVlaFamily(),
        new Rt1Family(),
        new OpenVlaFamily(),
    ];

    private static ImmutableList<IPolicyFamily> _added = [];

    /// <summary>Asked one after the other whether a directory is theirs, those that were added first.</summary>
    public static IReadOnlyList<IPolicyFamily> All => [.. _added, .. Own];

    /// <summary>
    /// Makes a family known to this process, for every directory that is read from then on; once more is no harm.
    /// </summary>
    /// <exception cref="ArgumentException">There is another of its name.</exception>
    public static void Add(IPolicyFamily family)
    {
        if (All.Any(other => other.Name == family.Name && !other.Equals(family)))
            throw new ArgumentException($"two families of policies call themselves '{family.Name}'");
        ImmutableInterlocked.Update(ref _added, (added, one) => added.Contains(one) ? added : added.Add(one), family);
    }

    /// <summary>Reads and checks the policy in a directory, of whichever family it is.</summary>
    /// <param name="directory">The policy directory.</param>
    /// <param name="precision">In place of what <c>config.json</c> says.</param>
    /// <exception cref="PolicyException">It is of no family that there is, or something in it is missing or does not
    /// fit.</exception>
    public static IPolicy Load(string directory, Precision? precision = null) =>
        Of(directory).Load(directory, precision);

    /// <summary>The family of the policy in a directory.</summary>
    /// <exception cref="PolicyException">It is of none that there is.</exception>
    public static IPolicyFamily Of(string directory)
    {
        var kind = PolicyKind.Of(directory);
        return All.FirstOrDefault(family => family.Takes(kind))
            ?? throw new PolicyException(
                $"{directory}: is {Describe(kind)}, which Vla does not run; it runs "
                    + $"{string.Join(", ", All.Select(family => family.Name))}, or a family of your own, whose "
                    + "library is given with --library FILE"
            );
    }

    /// <summary>What a directory is, as it stands in a message.</summary>
    public static string Describe(PolicyKind kind)
    {
        var whose = kind.Format switch
        {
            PolicyFormat.LeRobot => "a LeRobot policy",
            PolicyFormat.Transformers => "a model of Hugging Face's transformers",
            _ when kind.Type.Length > 0 => "a policy",
            _ => "a policy of Vla's own",
        };
        return kind.Type.Length == 0 ? whose : $"{whose} of type '{ErrorText.Bounded(kind.Type)}'";
    }
}
