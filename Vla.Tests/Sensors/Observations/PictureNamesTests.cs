using Vla.Sensors.Observations;

namespace Vla.Tests.Sensors.Observations;

public sealed class PictureNamesTests
{
    [Theory]
    [InlineData("front")]
    [InlineData("Wrist_2")]
    [InlineData("2nd")]
    [InlineData("_")]
    [InlineData("abcdefghijklmnopqrstuvwxyz012345")]
    public void A_name_is_letters_digits_and_underscores(string name) => Assert.True(PictureNames.IsValid(name));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("12")]
    [InlineData("front-left")]
    [InlineData("front left")]
    [InlineData("front.left")]
    [InlineData("front\n")]
    [InlineData("vorn\u00e9")]
    [InlineData("../front")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456")]
    public void Anything_else_is_none(string name) => Assert.False(PictureNames.IsValid(name));

    [Fact]
    public void A_picture_is_called_in_datasets_as_its_camera() =>
        Assert.Equal("observation.images.wrist", PictureNames.Feature("wrist"));
}
