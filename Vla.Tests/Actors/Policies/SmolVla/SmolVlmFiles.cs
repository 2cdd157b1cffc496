namespace Vla.Tests.Actors.Policies.SmolVla;

/// <summary>What a policy's directory lacks of its vision-language model.</summary>
internal static class SmolVlmFiles
{
    /// <summary>Puts the model's sizes beside the weights.</summary>
    public static TemporaryDirectory WithVlm(this TemporaryDirectory directory)
    {
        Directory.CreateDirectory(directory.File("vlm"));
        File.Copy(
            Path.Combine(SharedFixtures.Path("smolvla"), "vlm", "config.json"),
            directory.File("vlm/config.json"),
            overwrite: true
        );
        return directory;
    }
}
