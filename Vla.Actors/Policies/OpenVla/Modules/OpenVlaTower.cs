namespace Vla.Actors.Policies.OpenVla.Modules;

/// <summary>A vision tower of an OpenVLA, as timm names it.</summary>
/// <param name="Name">timm's: <c>vit_so400m_patch14_siglip_224</c>.</param>
/// <param name="Place">Where its weights are.</param>
/// <param name="Heads">Heads of its attention, which its weights do not show.</param>
internal sealed record OpenVlaTower(string Name, string Place, int Heads)
{
    /// <summary>Of the towers of published models.</summary>
    public const int UsualHeads = 16;

    private const string First = "vision_backbone.featurizer";
    private const string Second = "vision_backbone.fused_featurizer";

    internal static OpenVlaTower Of(ConfigSection root, string name, int heads)
    {
        var isDino = name.Contains("dinov2", StringComparison.Ordinal);
        var isSigLip = name.Contains("siglip", StringComparison.Ordinal);
        if (!isDino && !isSigLip)
            throw root.Wrong("timm_model_ids", $"\"{name}\"", "a DINOv2 (dinov2) or a SigLIP (siglip)");
        var isSecond = root.Texts("timm_model_ids", 1, 2, 256) is [_, var second] && second == name;
        return new OpenVlaTower(name, isSecond ? Second : First, heads);
    }
}
