namespace Vla.Actors.Policies.Staged;

/// <summary>
/// Vla's own policies: vision encoder, language encoder, fusion and action decoder, each of a type of its own.
/// </summary>
internal sealed class StagedFamily : IPolicyFamily
{
    public string Name => "Vla's own (config.json with stages)";

    public bool Takes(PolicyKind config) => config is { Format: PolicyFormat.Vla, Type: "" };

    public IPolicy Load(string directory, Precision? precision) => StagedPolicy.Load(directory, precision);
}
