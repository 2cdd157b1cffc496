namespace Vla.Runtime.Commands;

/// <summary><c>vla forward</c> for policies of other people's families, which take several inputs by name.</summary>
/// <param name="Takes">Whether a directory is of the family.</param>
/// <param name="Run">Sends an input through and writes every step.</param>
internal sealed record FamilyForward(Func<string, bool> Takes, Action<ForwardRequest> Run)
{
    private static readonly FamilyForward[] All =
    [
        new(ActForward.Takes, asked => ActForward.Run(asked)),
        new(SmolVlaForward.Takes, asked => SmolVlaForward.Run(asked)),
        new(Rt1Forward.Takes, asked => Rt1Forward.Run(asked)),
        new(OpenVlaForward.Takes, asked => OpenVlaForward.Run(asked)),
    ];

    /// <summary>That of a directory's family; null for a policy of Vla's own.</summary>
    public static FamilyForward? Of(string directory) => All.FirstOrDefault(one => one.Takes(directory));
}
