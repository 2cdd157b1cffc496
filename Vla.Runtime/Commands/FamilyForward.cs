using Vla.Actors.Policies;
using Vla.Actors.Policies.Act;
using Vla.Actors.Policies.OpenVla;
using Vla.Actors.Policies.Rt1;
using Vla.Actors.Policies.SmolVla;

namespace Vla.Runtime.Commands;

/// <summary><c>vla forward</c> for policies of other people's families, which take several inputs by name.</summary>
/// <param name="Family">Whose directories it takes.</param>
/// <param name="Run">Sends an input through and writes every step.</param>
internal sealed record FamilyForward(IPolicyFamily Family, Action<ForwardRequest> Run)
{
    private static readonly FamilyForward[] All =
    [
        new(new ActFamily(), ActForward.Run),
        new(new SmolVlaFamily(), SmolVlaForward.Run),
        new(new Rt1Family(), Rt1Forward.Run),
        new(new OpenVlaFamily(), OpenVlaForward.Run) { TakesUnnormKey = true },
    ];

    /// <summary>Whether it may have several data sets, of which one is chosen.</summary>
    public bool TakesUnnormKey { get; private init; }

    /// <summary>That of a directory's family; null for a policy of Vla's own.</summary>
    /// <exception cref="PolicyException">There is no such directory, or its <c>config.json</c> cannot be
    /// read.</exception>
    public static FamilyForward? Of(string directory)
    {
        var kind = PolicyKind.Of(directory);
        return All.FirstOrDefault(one => one.Family.Takes(kind));
    }
}
